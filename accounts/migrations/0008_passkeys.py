"""Adding, using and removing a passkey are acts of the access log."""

from django.db import migrations, models


class Migration(migrations.Migration):
    """Choices alone; no table changes."""

    dependencies = [
        ('accounts', '0007_export_recorded'),
    ]

    operations = [
        migrations.AlterField(
            model_name='access',
            name='act',
            field=models.CharField(choices=[('SIGN_IN', '登录'), ('SIGN_IN_FAILED', '登录未成功'), ('LOCKED_OUT', '登录暂停'), ('SIGN_OUT', '退出'), ('IDLE_SIGN_OUT', '久未操作退出'), ('SECOND_FACTOR_SET', '设置动态口令'), ('ONE_TIME_CODE', '使用动态口令'), ('ONE_TIME_CODE_FAILED', '动态口令不符'), ('PASSKEY_ADDED', '添加通行密钥'), ('PASSKEY_USED', '使用通行密钥'), ('PASSKEY_REMOVED', '删除通行密钥'), ('READ', '查看'), ('UNMASK', '显示全号'), ('EXPORT', '导出'), ('REFUSED', '无权访问'), ('RIGHTS_CHANGED', '权限变更'), ('CREDENTIALS_RESET', '重置登录凭据'), ('PASSWORD_CHANGED', '本人改密码'), ('RECOVERY_CODES', '重新生成备用码'), ('ACCOUNT_CLOSED', '停用账户'), ('ACCOUNT_OPENED', '恢复账户'), ('LINKED', '关联本人'), ('RENAMED', '姓名变更'), ('CLIENT_CREATED', '登记接口客户'), ('CLIENT_REVOKED', '撤销接口客户'), ('TOKEN_ISSUED', '签发令牌'), ('TOKEN_REFUSED', '未签发令牌')], max_length=24),
        ),
    ]
