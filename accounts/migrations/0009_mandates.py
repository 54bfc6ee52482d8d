"""Mandates: who may act for which unit; users who act for units. Ended or granted, a mandate is never edited."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

FORWARD = """
CREATE FUNCTION accounts_mandate_is_final() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.ended_at IS NULL AND NEW.ended_at IS NOT NULL
        AND (to_jsonb(OLD) - ARRAY['ended_at', 'ended_by_id', 'ended_because'])
          = (to_jsonb(NEW) - ARRAY['ended_at', 'ended_by_id', 'ended_because']) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a mandate can only be ended, once: % refused', TG_OP
        USING ERRCODE = 'restrict_violation';
END
$$;
CREATE TRIGGER accounts_mandate_no_change BEFORE UPDATE OR DELETE ON accounts_mandate
    FOR EACH ROW EXECUTE FUNCTION accounts_mandate_is_final();
CREATE TRIGGER accounts_mandate_no_truncate BEFORE TRUNCATE ON accounts_mandate
    FOR EACH STATEMENT EXECUTE FUNCTION accounts_mandate_is_final();
"""
BACKWARD = """
DROP TRIGGER accounts_mandate_no_change ON accounts_mandate;
DROP TRIGGER accounts_mandate_no_truncate ON accounts_mandate;
DROP FUNCTION accounts_mandate_is_final();
"""


class Migration(migrations.Migration):
    """A table, a column of the user, longer lists of acts and roles, and the triggers."""

    dependencies = [
        ('accounts', '0008_passkeys'),
        ('auth', '0012_alter_user_first_name_max_length'),
    ]

    operations = [
        migrations.CreateModel(
            name='Mandate',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('capacity', models.CharField(choices=[('LEGAL_REPRESENTATIVE', '法定代表人'), ('AGENT', '登记的经办人'), ('DELEGATE', '受委托的经办人')], max_length=24)),
                ('named_as', models.CharField(max_length=120)),
                ('valid_from', models.DateField()),
                ('valid_to', models.DateField(blank=True, null=True)),
                ('granted_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(blank=True, null=True)),
                ('ended_because', models.CharField(blank=True, choices=[('WITHDRAWN', '单位撤回'), ('GIVEN_UP', '本人交还'), ('NOT_REGISTERED', '统一身份认证已不再登记'), ('REPLACED', '换成新的授权'), ('DEREGISTERED', '单位已注销'), ('NAME_DIFFERS', '姓名与证件不符'), ('EXPIRED', '已到期')], max_length=16)),
            ],
        ),
        migrations.AddField(
            model_name='user',
            name='agent_person',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='agent_user', to='accounts.party'),
        ),
        migrations.AlterField(
            model_name='access',
            name='act',
            field=models.CharField(choices=[('SIGN_IN', '登录'), ('SIGN_IN_FAILED', '登录未成功'), ('LOCKED_OUT', '登录暂停'), ('SIGN_OUT', '退出'), ('IDLE_SIGN_OUT', '久未操作退出'), ('SECOND_FACTOR_SET', '设置动态口令'), ('ONE_TIME_CODE', '使用动态口令'), ('ONE_TIME_CODE_FAILED', '动态口令不符'), ('PASSKEY_ADDED', '添加通行密钥'), ('PASSKEY_USED', '使用通行密钥'), ('PASSKEY_REMOVED', '删除通行密钥'), ('READ', '查看'), ('UNMASK', '显示全号'), ('EXPORT', '导出'), ('REFUSED', '无权访问'), ('RIGHTS_CHANGED', '权限变更'), ('CREDENTIALS_RESET', '重置登录凭据'), ('PASSWORD_CHANGED', '本人改密码'), ('RECOVERY_CODES', '重新生成备用码'), ('ACCOUNT_CLOSED', '停用账户'), ('ACCOUNT_OPENED', '恢复账户'), ('LINKED', '关联本人'), ('RENAMED', '姓名变更'), ('CLIENT_CREATED', '登记接口客户'), ('CLIENT_REVOKED', '撤销接口客户'), ('MANDATE_GRANTED', '取得单位授权'), ('MANDATE_DELEGATED', '委托经办人'), ('MANDATE_ENDED', '结束单位授权'), ('TOKEN_ISSUED', '签发令牌'), ('TOKEN_REFUSED', '未签发令牌')], max_length=24),
        ),
        migrations.AlterField(
            model_name='user',
            name='roles',
            field=django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('HANDLER', '经办'), ('REVIEWER', '复核'), ('SUPERVISOR', '主管'), ('AUDITOR', '稽核'), ('SYSTEM_ADMIN', '系统管理员'), ('SECURITY_ADMIN', '安全管理员'), ('AUDIT_ADMIN', '审计管理员'), ('CITIZEN', '个人'), ('AGENT', '单位经办人')], max_length=32), blank=True, default=list, size=None),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('agent_person', None), models.Q(('roles', []), ('party', None)), _connector='OR'), name='accounts_user_agent_alone'),
        ),
        migrations.AddField(
            model_name='mandate',
            name='ended_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mandates_ended', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mandate',
            name='granted_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='mandates_granted', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='mandate',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mandates', to='accounts.party'),
        ),
        migrations.AddField(
            model_name='mandate',
            name='unit',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='mandates_given', to='accounts.party'),
        ),
        migrations.AddIndex(
            model_name='mandate',
            index=models.Index(fields=['unit', 'granted_at'], name='accounts_mandate_unit'),
        ),
        migrations.AddConstraint(
            model_name='mandate',
            constraint=models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('person', 'unit'), name='accounts_mandate_one_open'),
        ),
        migrations.AddConstraint(
            model_name='mandate',
            constraint=models.CheckConstraint(condition=models.Q(('valid_to', None), ('valid_to__gte', models.F('valid_from')), _connector='OR'), name='accounts_mandate_period'),
        ),
        migrations.AddConstraint(
            model_name='mandate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('capacity', 'DELEGATE'), ('granted_by__isnull', False)), models.Q(models.Q(('capacity', 'DELEGATE'), _negated=True), ('granted_by', None)), _connector='OR'), name='accounts_mandate_delegate_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='mandate',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at', None), ('ended_because', ''), ('ended_by', None)), models.Q(('ended_at__isnull', False), models.Q(('ended_because', ''), _negated=True)), _connector='OR'), name='accounts_mandate_end_has_reason'),
        ),
        migrations.RunSQL(FORWARD, BACKWARD),
    ]
